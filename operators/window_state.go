package operators

// A State is a placeholder.
type State struct{}
