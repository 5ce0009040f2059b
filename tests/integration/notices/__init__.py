"""What shops are told: notices, outgoing webhooks, mails."""
