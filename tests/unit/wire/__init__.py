"""The wire to a host: payload and frame, chunks, errors, jobs; and the script at its other end."""
