"""LiveKit rooms: tokens, the avatar as a participant, speech over byte streams. The only leaf that knows the LiveKit SDK's room."""
