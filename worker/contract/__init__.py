"""Wire formats: messages, options, plans, exercises, errors and records.

Data only; imports no other package of the project.
"""
