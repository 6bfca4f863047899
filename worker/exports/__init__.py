"""What a job gives besides its messages: files and pictures, made from its pose log and media."""
