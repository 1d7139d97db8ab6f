"""What a trained network looks at, asked by notebooks about the runs in the store."""
