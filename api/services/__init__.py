"""Code shared by routes: authentication, authorization, bodies, pagination, job creation."""
