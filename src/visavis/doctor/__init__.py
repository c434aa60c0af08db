"""`visavis doctor`: what works here and what does not, and the mend."""
