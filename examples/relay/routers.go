package main

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
)

//go:embed page
var embedded embed.FS

// page serves the page.
func page() http.Handler {
	files, err := fs.Sub(embedded, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return http.FileServerFS(files)
}

// routers serve the same relay in each framework, with the same net/http handlers.
var routers = []struct {
	name string
	new  func(*relay) http.Handler
}{
	{"stdlib", stdlibRouter},
	{"chi", chiRouter},
	{"gin", ginRouter},
	{"echo", echoRouter},
}

func stdlibRouter(r *relay) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", r.logins.login)
	mux.HandleFunc("POST /logout", r.logins.logout)
	mux.HandleFunc("GET /orders", r.stream)
	mux.Handle("GET /", page())
	return mux
}

func chiRouter(r *relay) http.Handler {
	mux := chi.NewRouter()
	mux.Use(middleware.Recoverer)
	mux.Post("/login", r.logins.login)
	mux.Post("/logout", r.logins.logout)
	mux.Get("/orders", r.stream)
	mux.Handle("/*", page())
	return mux
}

func ginRouter(r *relay) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.POST("/login", gin.WrapF(r.logins.login))
	engine.POST("/logout", gin.WrapF(r.logins.logout))
	engine.GET("/orders", gin.WrapF(r.stream))
	engine.NoRoute(gin.WrapH(page()))
	return engine
}

func echoRouter(r *relay) http.Handler {
	e := echo.New()
	e.Use(echomiddleware.Recover())
	e.POST("/login", echo.WrapHandler(http.HandlerFunc(r.logins.login)))
	e.POST("/logout", echo.WrapHandler(http.HandlerFunc(r.logins.logout)))
	e.GET("/orders", echo.WrapHandler(http.HandlerFunc(r.stream)))
	e.GET("/*", echo.WrapHandler(page()))
	return e
}
