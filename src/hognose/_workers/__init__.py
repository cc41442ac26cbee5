"""Processes that work beside this one: started once, lent to who needs them, ended when idle.

Here is how they are started (`worker_pool`), what runs in them (`worker_process`), and how the two
ends talk (`conversation`). What they do is the business of the modules that borrow them.
"""

__all__ = ()
