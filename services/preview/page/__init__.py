"""The admin page: its built files, the headers they are served with, and the demo's way to sign in."""
