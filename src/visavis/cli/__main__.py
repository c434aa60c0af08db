"""`python -m visavis.cli`."""

from visavis.cli import main

if __name__ == "__main__":  # a worker's processes import this module too
    main()
