"""What is deployed: containers, alerts, dashboards, and what each role is given."""
