"""Parts of the endpoint for alerts: whose a request is, its body, and the form of the answers."""
