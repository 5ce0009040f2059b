"""The adapter of mail: SMTP, by aiosmtplib. Nothing else in the project speaks it."""
