"""Stock-taking over HTTP."""
