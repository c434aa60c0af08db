"""Models that visavis trains itself. Only the command line and the tests import this."""
