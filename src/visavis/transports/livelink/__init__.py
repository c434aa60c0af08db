"""Live Link Face over UDP: packets from iPhones, and packets to Unreal. The bytes themselves are in `visavis.live_link`."""
