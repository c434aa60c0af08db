"""Faces in pictures: reading pictures, finding faces, 468 landmarks with irises, and the person's outline."""
