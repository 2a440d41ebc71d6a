package clients

import "testing"

func inBrowser(t *testing.T, w *world)       {}
func contextProtocol(t *testing.T, w *world) {}
