"""What routes share: authentication, authorization, request bodies, pagination, job creation."""
