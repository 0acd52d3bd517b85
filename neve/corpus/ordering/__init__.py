"""The held-out split, and the order of documents: by language and repository, or by what imports what.

`families` says which repositories are one project, `split` draws among them, `grouping` orders. For the
order by dependency `imports` reads the names that files import, `dependencies` finds the files that these
mean, and `topology` sorts.
"""
