"""The dashboard: pages made on the server, with htmx where a page moves. Every form works without JavaScript."""
