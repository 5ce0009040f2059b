"""What a shop is kept by: schedules, its policy, missed webhooks, who did what."""
