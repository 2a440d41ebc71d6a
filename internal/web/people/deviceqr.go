package people

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/qr"
	"github.com/mortise-auth/mortise/internal/web"
)

// deviceQR draws the link that fills a device's code in, for devices that cannot
// draw: GET /device/qr.svg for a screen, /device/qr.txt for a terminal. Whether
// anybody waits with the code is not looked at.
func (p *Pages) deviceQR(kind string, draw func(string) ([]byte, error)) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, err := query(r)
		if err != nil {
			return err
		}
		code, ok := devicecode.ParseUserCode(f["user_code"])
		if !ok {
			return devicecode.ErrUnknown
		}
		image, err := draw(p.o.Link("/device?user_code=" + url.QueryEscape(code)))
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Length", strconv.Itoa(len(image)))
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // for the device's own pages
		_, err = w.Write(image)
		return err
	}
}

func (p *Pages) deviceImages() []web.Route {
	return []web.Route{
		{Pattern: "GET /device/qr.svg", Access: web.Anyone, Handler: p.deviceQR("image/svg+xml", qr.SVG)},
		{Pattern: "GET /device/qr.txt", Access: web.Anyone, Handler: p.deviceQR("text/plain; charset=utf-8", qr.Terminal)},
	}
}
