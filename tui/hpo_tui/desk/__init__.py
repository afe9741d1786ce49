"""The state of a session's screen: the follower, how a person looks at it, and what follows from both."""
