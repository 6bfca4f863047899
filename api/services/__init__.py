"""What routes share: authentication, authorization, pagination, job creation."""
