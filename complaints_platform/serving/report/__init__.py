"""Reports: the numbers of a day or a week, what changed in sentences, and both as a page that mails and prints.

``figures`` asks the marts the same questions as the dashboard; ``sentences`` says in words what stands in the
figures; ``page`` lays them out. When a report is made, and where it is kept, does not belong here.
"""
