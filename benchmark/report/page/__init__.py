"""`index.html` of a results folder: one offline page to sort, filter and inspect runs."""
