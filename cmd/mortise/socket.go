package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

// socketName is where a running server listens for the host, in its data folder.
const socketName = "mortise.sock"

// maxSocket is the longest path of a Unix socket on every system we build for.
const maxSocket = 103

// socketPath spells the path of the socket as short as it can be.
func socketPath(data string) (string, error) {
	path := filepath.Join(data, socketName)
	if len(path) <= maxSocket {
		return path, nil
	}
	if abs, err := filepath.Abs(path); err == nil {
		if here, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(here, abs); err == nil && len(rel) <= maxSocket {
				return rel, nil
			}
		}
	}
	return "", fail(exitUsage, "path_too_long", fmt.Sprintf("the path of the data folder is too long for a socket (%d bytes at most)", maxSocket-len(socketName)-1),
		"Choose a shorter one for the setting data.")
}

// listenSocket listens for the host in the data folder. The caller holds the
// folder's lock, so a socket that is there already is what a killed server left.
func listenSocket(data string) (net.Listener, error) {
	path, err := socketPath(data)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil { // the folder is 0700 already
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// dataExists keeps a command in the wrong folder from making an empty store there.
func dataExists(s settings.Settings) error {
	if !s.Database.URL.IsZero() {
		return nil
	}
	if _, err := os.Stat(s.Data); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else may be wrong with it is the engine's to say
	}
	return fail(exitFailed, "no_data_folder", "there is no data folder at "+s.Data,
		"Run this where mortise.yaml is, or name the folder with --data. mortise init makes a new one.")
}
