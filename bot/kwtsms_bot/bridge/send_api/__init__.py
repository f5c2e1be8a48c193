"""Send API: applications send messages of their own over HTTP."""
