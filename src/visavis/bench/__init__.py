"""`visavis bench`: every figure measured on this machine, each by one small module that says from where to where."""
