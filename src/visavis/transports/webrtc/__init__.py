"""WebRTC through aiortc: one peer a viewer. `peer.Peer` is the door; aiortc is loaded only there."""
