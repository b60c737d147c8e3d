// Shows the document. API tokens are sent after a scheme of their own; here they work as they are printed, in either form.

const API_TOKEN = /^(?:Bearer )?(00[A-Za-z0-9_-]{40})$/;

SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  // Nobody else is asked what they think of the document.
  validatorUrl: null,
  requestInterceptor(request) {
    const [, token] = API_TOKEN.exec(request.headers?.Authorization?.trim()) ?? [];
    if (token) request.headers.Authorization = `SSWS ${token}`;
    return request;
  },
});
