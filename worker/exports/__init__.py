"""Files and pictures that a job yields besides messages, made from its pose log and media."""
