package weak

// other is not built here, so no test could notice a change.
func other() bool { return true }
