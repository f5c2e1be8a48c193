"""`kwtsms-bridge bridge`: what alerts would do, and tokens for the tools that send them."""
