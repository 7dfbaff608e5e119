"""What a study is: its YAML file, the methods, the plan of its runs, and what it needs. No run happens here."""
