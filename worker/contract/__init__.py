"""What is said: messages, options, plans, exercises, errors and records. Data only.

Imports no other room.
"""
