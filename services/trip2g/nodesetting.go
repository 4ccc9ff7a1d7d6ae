package trip2g

// NodeSetting is the value of a setting in a running node.
type NodeSetting struct {
	Name   string // of the variable
	Value  string // "" for a secret
	Help   string
	Secret bool
	IsSet  bool // it is not empty
}
