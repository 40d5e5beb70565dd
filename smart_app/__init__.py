"""SMART App Launch and the page that a clinician opens from the chart; it walks the same middle as the cards."""
