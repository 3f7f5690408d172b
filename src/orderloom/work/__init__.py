"""Work: task lists.

A task is a step that a person does. `processes` owns its state; this room owns who works which
queue, who has the task, what its form asks for and when it is due. A person sees the tasks of their
teams' queues and their own; who may assign sees all.

Words: a *queue* is a list of tasks that one team works; to *claim* is to take a task, to *release* to
give it back; to *start* is to begin work, which is what start dependencies wait for.

Promises: one task, one person; claiming and completing twice changes nothing; outputs are checked
against the form with every problem named; the due date is the queue's SLA in working time of its
calendar, from the moment the task became ready.
"""
