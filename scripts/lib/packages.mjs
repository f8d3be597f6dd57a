// What each purpose needs from the system. Tables only; system.mjs acts on them.

/**
 * Debian and Ubuntu packages by purpose. An entry is a package name, or
 * { name, ubuntu, commands }: any of `commands` on PATH does as well, and `ubuntu` is its name there.
 */
export const DEBIAN = {
  /** Compiling the engine and the headless server. */
  server: ['build-essential', 'pkg-config', 'cmake', 'nasm', 'mold'],
  /** Compiling the desktop app. */
  desktop: [
    'libwebkit2gtk-4.1-dev',
    'libgtk-3-dev',
    'libayatana-appindicator3-dev',
    'librsvg2-dev',
    'libxdo-dev',
  ],
  /** Playing video inside the window. */
  run: ['gstreamer1.0-libav', 'gstreamer1.0-plugins-bad'],
  /** A real camera, a browser and tools for the tests. */
  test: [
    'gstreamer1.0-rtsp',
    'gir1.2-gst-rtsp-server-1.0',
    'gstreamer1.0-plugins-base',
    'gstreamer1.0-plugins-good',
    'gstreamer1.0-plugins-bad',
    'gstreamer1.0-libav',
    'python3-gi',
    'python3-numpy',
    'python3-venv',
    'curl',
    'iproute2',
    'procps',
    { name: 'redis-server', commands: ['redis-server'] },
    { name: 'redis-sentinel', commands: ['redis-sentinel'] },
    { name: 'prometheus', commands: ['promtool'] },
    // Their programs only: the tests start them on ports of their own, beside what the system may run.
    { name: 'nginx', commands: ['nginx'] },
    { name: 'haproxy', commands: ['haproxy'] },
    { name: 'chromium', ubuntu: 'chromium-browser', commands: ['chromium', 'google-chrome'] },
    { name: 'chromium-driver', ubuntu: 'chromium-chromedriver', commands: ['chromedriver'] },
  ],
  /** A screen, a window manager and a driver for the desktop tests. */
  screen: [
    'xvfb',
    'xauth',
    'openbox',
    'webkit2gtk-driver',
    'dbus',
    'gnome-keyring',
    'xdotool',
    'imagemagick',
  ],
  /** What looks at finished packages; making them needs objdump and the bundler only. */
  package: [
    'binutils',
    'rpm',
    'lintian',
    'desktop-file-utils',
    'appstream',
    // The container image, without an engine.
    'buildah',
    'debootstrap',
    'runc',
  ],
};

const pkgConfig = (library) => ['pkg-config', ['--exists', library]];

/**
 * What to look for on systems whose packages we do not install. Each check is a command that must
 * be on PATH, or one that must succeed.
 */
export const CHECKS = {
  linux: {
    server: ['cc', 'pkg-config', 'cmake', 'nasm', 'mold'],
    desktop: [
      pkgConfig('webkit2gtk-4.1'),
      pkgConfig('gtk+-3.0'),
      pkgConfig('ayatana-appindicator3-0.1'),
      pkgConfig('librsvg-2.0'),
    ],
    run: [],
    test: [
      ['/usr/bin/python3', ['-c', 'import gi; gi.require_version("GstRtspServer", "1.0")']],
      'curl',
    ],
    screen: ['Xvfb', 'openbox', 'WebKitWebDriver', 'dbus-run-session', 'xdotool', 'import'],
    package: ['objdump', 'dpkg', 'rpm', 'lintian', 'desktop-file-validate', 'appstreamcli'],
  },
  darwin: {
    server: ['cc', 'cmake', 'nasm'],
    desktop: [],
    run: [],
    test: ['curl'],
    screen: [],
    package: [],
  },
  win32: { server: ['cmake', 'nasm'], desktop: [], run: [], test: [], screen: [], package: [] },
};

/** How a person gets what is missing, by system. */
export const ADVICE = {
  linux: [
    'Fedora: sudo dnf install gcc gcc-c++ pkgconf-pkg-config cmake nasm mold \\',
    '          webkit2gtk4.1-devel gtk3-devel libayatana-appindicator-gtk3-devel librsvg2-devel libxdo-devel',
    'Arch:   sudo pacman -S --needed base-devel cmake nasm mold \\',
    '          webkit2gtk-4.1 gtk3 libayatana-appindicator librsvg xdotool',
    'The tests also want GStreamer with its RTSP server and its Python bindings; they run as a whole',
    'on Debian and Ubuntu.',
  ],
  darwin: ['Compiler: xcode-select --install', 'The rest: brew install cmake nasm'],
  win32: [
    'winget install Kitware.CMake NASM.NASM',
    'and the "Desktop development with C++" part of Visual Studio Build Tools.',
  ],
};
