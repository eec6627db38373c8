package dev.proofkey

import java.io.File
import java.io.InputStream
import java.nio.file.Files

/**
 * Finds the native library: the file that the system property `proofkey.native` names, else `proofkey_jni` of
 * `java.library.path` (an Android app has it there), else the copy in `proofkey-natives-<os>-<arch>.jar`, which is
 * written to a private temporary file.
 */
internal object Loader {
    fun load() {
        val path = System.getProperty(PROPERTY)
        if (path != null) {
            System.load(File(path).absolutePath)
            return
        }
        try {
            System.loadLibrary(LIBRARY)
        } catch (missing: UnsatisfiedLinkError) {
            val platform = platform()
            val resource = "/dev/proofkey/natives/$platform/$FILE"
            val packed = Loader::class.java.getResourceAsStream(resource) ?: throw missing(platform, missing)
            packed.use(::unpack)
        }
    }

    private fun missing(platform: String, cause: UnsatisfiedLinkError): UnsatisfiedLinkError {
        val error = UnsatisfiedLinkError(
            "proofkey has no native library for $platform here: add proofkey-natives-$platform.jar to the class path, " +
                "put $FILE into java.library.path, or name the file in the system property $PROPERTY",
        )
        error.initCause(cause)
        return error
    }

    private fun unpack(packed: InputStream) {
        // Only the owner may write it, so nobody else can put another library in its place before it is loaded.
        val file = Files.createTempFile(null, FILE).toFile()
        try {
            file.outputStream().use { packed.copyTo(it) }
            System.load(file.absolutePath)
        } finally {
            // A loaded library stays mapped without its name. Windows keeps the file until the JVM ends.
            if (!file.delete()) file.deleteOnExit()
        }
    }

    private fun platform(): String {
        val os = System.getProperty("os.name").orEmpty().lowercase()
        val arch = System.getProperty("os.arch").orEmpty()
        val named = when {
            os.startsWith("linux") -> "linux"
            os.startsWith("mac") -> "macos"
            os.startsWith("windows") -> "windows"
            else -> os.replace(' ', '-')
        }
        return "$named-" + when (arch) {
            "amd64" -> "x86_64"
            "arm64" -> "aarch64"
            else -> arch
        }
    }

    private const val PROPERTY = "proofkey.native"
    private const val LIBRARY = "proofkey_jni"

    /** `libproofkey_jni.so`, or what the system calls it. */
    private val FILE = System.mapLibraryName(LIBRARY)
}
