"""How much may be sent: limits, and the usage that counts against them."""
