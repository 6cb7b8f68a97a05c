"""The query service's own copy of the lake: tables in DuckDB, the search index, and answers kept for a manifest."""
