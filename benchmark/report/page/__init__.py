"""`index.html` of a results folder: one page without a network, to sort, filter and look into runs."""
