package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"sync"
)

// AssetPrefix is the path below the base path where assets are served.
const AssetPrefix = "/assets/"

// Asset is one static file, ready to be served immutable (SE-43): its Name
// carries a digest of its content. The slices are shared and read-only.
type Asset struct {
	Name        string // mortise-0123456789ab.css
	ContentType string
	Body        []byte
	Gzip        []byte // Body compressed; nil when that would not be smaller
}

// Assets returns every static file by Name.
func (r *Renderer) Assets() map[string]Asset {
	byName := make(map[string]Asset, len(r.assets))
	for _, a := range r.assets {
		byName[a.Name] = a
	}
	return byName
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// loadAssets reads, names and compresses the static files, by their plain name.
var loadAssets = sync.OnceValues(readAssets)

func readAssets() (map[string]Asset, error) {
	entries, err := files.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	all := make(map[string]Asset, len(entries))
	z := gzip.NewWriter(nil) // one for all: it is large
	for _, e := range entries {
		body, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}
		all[e.Name()] = newAsset(e.Name(), body, z)
	}
	return all, nil
}

func newAsset(name string, body []byte, z *gzip.Writer) Asset {
	ext := path.Ext(name)
	sum := sha256.Sum256(body)
	a := Asset{
		Name:        strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext,
		ContentType: contentTypes[ext],
		Body:        body,
	}
	if small := compress(z, body); len(small) < len(body) {
		a.Gzip = small
	}
	return a
}

func compress(z *gzip.Writer, body []byte) []byte {
	var b bytes.Buffer
	z.Reset(&b)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}
