"""All that a method's author imports: the contract, the job, and what methods are made of."""
