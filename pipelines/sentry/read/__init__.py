"""What is asked of Sentry: organizations and projects, issues, activities, events per day."""
